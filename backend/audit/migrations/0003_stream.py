from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_chain'),
    ]

    operations = [
        migrations.AddField(
            model_name='audithead',
            name='streamed_size',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
